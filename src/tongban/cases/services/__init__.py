"""Acts on applications and cases: one function, one transaction, one ledger entry."""
