"""The contracts between the rooms: Arrow schemas, configs, shard layout, manifest and ledger."""
