"""HTTP beneath the pages: who a request comes from."""
