"""The verbs of eligibility: take facts in, assess, put on the visit list, note results."""
