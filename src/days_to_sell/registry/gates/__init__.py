"""Gates: evaluating them, recording what was found in the event log, and looking it up at the door."""
