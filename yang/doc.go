// SPDX-License-Identifier: Apache-2.0

// Package yang holds the YANG side of the southbound: modules of our own, the
// deviations that prune published models to what s2cd uses, and the bindings
// generated from both. It holds no code of its own and no published model.
//
// `go generate ./yang` makes the bindings again. It reads the published models
// from the folder named by S2CD_YANG.
package yang

//go:generate go run ./internal/bindgen -keep openconfig.keep -deviations deviations/s2cd-openconfig-deviations.yang -out oc
