"""The pages that describe a snapshot to others: data card, Croissant, attribution."""
