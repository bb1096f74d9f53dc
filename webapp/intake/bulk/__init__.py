"""The bulk path: files of reports, decided by the batch with what decides one report at a time."""
