UPDATE nodes SET draining = true WHERE id = $1
