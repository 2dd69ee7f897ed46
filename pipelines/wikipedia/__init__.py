"""Wikipedia dump to clean passages: pages, wikitext, sentences, shards."""
