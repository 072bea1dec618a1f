"""What we talk about: URLs, plans, policies, outcomes, times. Pure: no I/O, no clock, no async."""
