module darkroom.dev/examples/client

go 1.24

require darkroom.dev/clients/darkroom v0.0.0

replace darkroom.dev/clients/darkroom => ../../../../target/clients/go
