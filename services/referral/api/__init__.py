"""The routes: officers' referrals, endpoints and webhooks, and the partner door."""
