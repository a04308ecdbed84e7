"""One provider's wire format spoken as another's: a request, an answer, and a stream while it comes.

Written here and not by ``litellm``: what pip resolves of it wants ``openai`` 2 where the SDK is at 3, and it brings a
tokenizer, a model hub and two HTTP clients along. The dialects read both formats anyway; only writing was missing.
"""
