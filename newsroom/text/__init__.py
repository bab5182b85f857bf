"""Text: markup as tokens, the content model of rich text, and wordings that Chinese conversion keeps to."""
