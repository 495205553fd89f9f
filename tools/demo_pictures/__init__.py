"""The faces and the work of the demonstration world, drawn by us: nobody's picture is shown, and no licence is kept."""
