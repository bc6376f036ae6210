"""Tickets: model, workflow, deadlines, routing, policy, identity, receipts, audit."""
