"""Every SQL statement of referral, by what it is about."""
