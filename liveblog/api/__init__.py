"""The public JSON API, `/api/v1/`: reading, for partners and for anybody."""
