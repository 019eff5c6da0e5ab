SELECT i.* FROM images i JOIN generations g ON g.id = i.generation_id WHERE i.id = $1 AND g.user_id = $2
