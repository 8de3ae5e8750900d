"""The digest."""

DIGEST_PAGE = "digest.html"
