"""What gives the fakes away: galleries, score maps, spectra, and what the classifier leans on."""
