"""Every migration goes up, down and up, keeps data, holds no table for long, and agrees with the models."""
