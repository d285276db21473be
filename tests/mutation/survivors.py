"""Breaks that no test notices, and why; docs/testing.md says what the words mean."""

EQUIVALENT, ACCEPTED = "equivalent", "accepted"

REASONS: dict[str, str] = {}


def reason_of(break_):
    """Why a break survives; "" if nobody has looked."""
    return next((reason for found, reason in REASONS.items() if found == break_), "")
