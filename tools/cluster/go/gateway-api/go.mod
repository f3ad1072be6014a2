// The definitions of the Gateway API, as its module publishes them. Not part of the product.
module biplane.dev/cluster/gateway-api

go 1.24.0

require sigs.k8s.io/gateway-api v1.4.1
