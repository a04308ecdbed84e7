"""Deterministic record and replay for LLM agents."""
