// SPDX-License-Identifier: Apache-2.0

// Package inventory reads the file in which the provider describes the network,
// the tenants, the pools and what is sold, and refuses it unless every
// reference, address and range fits. It turns text into the domain's values and
// does nothing with them; no other package than cmd and config may depend on it.
package inventory
