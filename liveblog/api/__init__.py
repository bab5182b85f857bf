"""The JSON API, `/api/v1/`: reading, for partners and for anybody; writing, for partners with a key."""
