// SPDX-License-Identifier: Apache-2.0

package gateway

//go:generate sh generate.sh
