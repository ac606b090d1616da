"""What charity does: each action is one transaction of its caller.

take_up (from events to proposals) · awards (review, approve, reject) · payments · books · reports
"""
