"""Opens referrals to partners and bureaux, sends them signed webhooks, and takes their answers."""
