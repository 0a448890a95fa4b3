// SPDX-License-Identifier: Apache-2.0

// Package northbound is the HTTP adapter in front of the use cases: the
// customers' API as its contract in northbound/api has it, and the operators'
// API on the admin listener. It authenticates, checks syntax and translates;
// it decides nothing and knows neither store nor device. cmd/s2cd wires it.
package northbound
