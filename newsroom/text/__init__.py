"""Text: markup as tokens, the content model of rich text, and Chinese words and names for conversion."""
