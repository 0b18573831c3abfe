"""Builds as commands start them: here, on Dataflow by a job of their own, without building anything, or as a demo."""
