// SPDX-License-Identifier: Apache-2.0

// Package gateway is the module s2cd-gateway and its translation to and from
// southbound's value types. The agent and the driver's renderer share it, so
// both ends read the model in one way. It does no I/O and decides nothing.
package gateway
