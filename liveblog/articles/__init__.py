"""Running copy: a newspaper's rolling article as text, to a live blog and back."""
