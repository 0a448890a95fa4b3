// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"errors"
	"math/big"
	"strconv"
	"strings"

	"github.com/s2cd/s2cd/topology"
)

var errForm = errors.New("not of the wanted form")

// rational reads a decimal number without sign, exponent or fraction bar.
func rational(s string) (*big.Rat, error) {
	const most = 40 // digits; nothing real is longer
	if s == "" || len(s) > most || strings.Trim(s, "0123456789.") != "" {
		return nil, errForm
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, errForm
	}
	return r, nil
}

// scaled returns s times scale if that is a whole number up to most.
func scaled(s string, scale, most int64) (uint64, error) {
	r, err := rational(s)
	if err != nil {
		return 0, err
	}
	r.Mul(r, new(big.Rat).SetInt64(scale))
	if !r.IsInt() || r.Num().Cmp(big.NewInt(most)) > 0 {
		return 0, errForm
	}
	return r.Num().Uint64(), nil
}

// rate is a bandwidth in kbit/s.
type rate uint64

// maxRate is 100 Tbit/s, far above any interface.
const maxRate = 100_000_000_000

// UnmarshalText reads "10Gbps", "2.5Gbps", "100Mbps", "64kbps".
func (r *rate) UnmarshalText(text []byte) error {
	for unit, scale := range map[string]int64{"kbps": 1, "Mbps": 1_000, "Gbps": 1_000_000, "Tbps": 1_000_000_000} {
		number, ok := strings.CutSuffix(string(text), unit)
		if !ok {
			continue
		}
		v, err := scaled(strings.TrimSuffix(number, " "), scale, maxRate)
		if err != nil || v == 0 {
			return errForm
		}
		*r = rate(v)
		return nil
	}
	return errForm
}

// Wanted says what UnmarshalText takes.
func (r *rate) Wanted() string { return "a rate above zero like 10Gbps, 2.5Gbps or 512kbps" }

// share is a part in 1/1000.
type share uint32

// UnmarshalText reads "80%" or "12.5%". More than 100% is allowed here, since
// booking and overhead factors may be; who needs a part of a whole checks.
func (s *share) UnmarshalText(text []byte) error {
	number, ok := strings.CutSuffix(string(text), "%")
	if !ok {
		return errForm
	}
	v, err := scaled(number, 10, 10_000)
	*s = share(v) //nolint:gosec // at most 10000
	return err
}

// Wanted says what UnmarshalText takes.
func (s *share) Wanted() string { return "a share from 0% to 1000% like 80% or 12.5%" }

// ppm is a part in a million.
type ppm uint32

// UnmarshalText reads "99.95%".
func (p *ppm) UnmarshalText(text []byte) error {
	number, ok := strings.CutSuffix(string(text), "%")
	if !ok {
		return errForm
	}
	v, err := scaled(number, 10_000, 1_000_000)
	*p = ppm(v) //nolint:gosec // at most a million
	return err
}

// Wanted says what UnmarshalText takes.
func (p *ppm) Wanted() string { return "a share from 0% to 100% like 99.95%" }

// numbers is a range "100-199" or a single number.
type numbers struct{ Range }

// UnmarshalText reads the range.
func (n *numbers) UnmarshalText(text []byte) error {
	low, high, isRange := strings.Cut(string(text), "-")
	if !isRange {
		high = low
	}
	least, errLow := strconv.ParseUint(low, 10, 32)
	most, errHigh := strconv.ParseUint(high, 10, 32)
	if errLow != nil || errHigh != nil || least > most {
		return errForm
	}
	n.Range = Range{least, most}
	return nil
}

// Wanted says what UnmarshalText takes.
func (n *numbers) Wanted() string { return "a range like 100-199, the lower number first" }

// nodePort is a port of a node, "PE1:eth0".
type nodePort struct {
	node topology.NodeName
	port string
}

// UnmarshalText reads node:port; what follows the first colon is the port.
func (n *nodePort) UnmarshalText(text []byte) error {
	node, port, ok := strings.Cut(string(text), ":")
	if !ok || node == "" || port == "" {
		return errForm
	}
	*n = nodePort{topology.NodeName(node), port}
	return nil
}

// Wanted says what UnmarshalText takes.
func (n *nodePort) Wanted() string { return "a node and its port like PE1:eth0" }

// dscp is a differentiated services code point (RFC 2474).
type dscp uint8

// UnmarshalText reads 0 to 63, or a name of RFC 2474, 2597, 3246: CS0..CS7,
// AF11..AF43, EF.
func (d *dscp) UnmarshalText(text []byte) error {
	s := string(text)
	if n, err := strconv.ParseUint(s, 10, 8); err == nil && n < 64 {
		*d = dscp(n)
		return nil
	}
	switch {
	case s == "EF":
		*d = 46
	case len(s) == 3 && s[:2] == "CS" && s[2] >= '0' && s[2] <= '7':
		*d = dscp(8 * (s[2] - '0'))
	case len(s) == 4 && s[:2] == "AF" && s[2] >= '1' && s[2] <= '4' && s[3] >= '1' && s[3] <= '3':
		*d = dscp(8*(s[2]-'0') + 2*(s[3]-'0'))
	default:
		return errForm
	}
	return nil
}

// Wanted says what UnmarshalText takes.
func (d *dscp) Wanted() string { return "a DSCP from 0 to 63 or like EF, AF41, CS3" }

// decimal is an amount of money as written; the currency tells its digits.
type decimal struct{ text string }

// UnmarshalText reads "12" or "12.30".
func (d *decimal) UnmarshalText(text []byte) error {
	if _, err := rational(string(text)); err != nil {
		return err
	}
	d.text = string(text)
	return nil
}

// Wanted says what UnmarshalText takes.
func (d *decimal) Wanted() string { return "an amount like 12.30" }

// minor returns the amount in units of 10^-digits.
func (d *decimal) minor(digits uint8) (int64, error) {
	const most = 1_000_000_000_000_000
	scale := int64(1)
	for range digits {
		scale *= 10
	}
	v, err := scaled(d.text, scale, most)
	return int64(v), err //nolint:gosec // at most 10^15
}

// exponents are the digits of currencies' minor units (ISO 4217).
func exponent(currency string) (uint8, bool) {
	switch currency {
	case "EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "BGN", "TRY", "UAH",
		"CAD", "AUD", "NZD", "SGD", "HKD", "CNY", "INR", "ILS", "AED", "SAR", "ZAR", "BRL", "MXN", "THB":
		return 2, true
	case "JPY", "KRW", "ISK", "CLP", "VND":
		return 0, true
	case "KWD", "BHD", "OMR", "JOD", "TND":
		return 3, true
	}
	return 0, false
}
