"""What made the detector's shipped numbers and what looks for better ones: simulated land only. See README.md here."""
