"""Who the partners and bureaux are, what each may know, and who hears of which need. Pure, over YAML."""
