"""How people come in: referral links, invitations, registration and what follows it."""
