"""The referral service, on plain values and on real parts."""
