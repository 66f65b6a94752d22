"""What the administration's templates ask for, whose context is Django's own."""
