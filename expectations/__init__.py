"""What readers and operators expect of tables; Great Expectations is imported late."""
