"""Signing in with a national identity: Tongban as the relying party of an OpenID provider.

django-allauth carries the flow. What it leaves out is here: it takes the ID token's signature for
granted, knows no nonce, believes userinfo before the ID token, and never compares the issuer.
Start reading at `provider.py`.
"""
