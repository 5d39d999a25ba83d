"""Load and faults: AVA as deployed keeps its promises while what it stands on fails."""
