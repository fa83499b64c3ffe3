"""Who acts: models behind engines and endpoints, local models, scripts."""
