"""The index of what people search for: who brings what, how it is kept up to date, how it is asked."""
