"""What the files of a CTranslate2 model hold, and who reads them."""
