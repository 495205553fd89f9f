"""How the application starts, recovers and stops on one machine."""
