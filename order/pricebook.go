// SPDX-License-Identifier: Apache-2.0

package order

import "github.com/s2cd/s2cd/session"

// levels returns what is sold to a customer, weakest first, at its prices. All
// that is asked what a level costs goes through here.
func (d *Directory) levels(customer session.TenantID) []session.Level {
	all := make([]session.Level, 0, len(d.Catalogue.Levels))
	for _, l := range d.Catalogue.Levels {
		all = append(all, d.priced(customer, l))
	}
	return all
}

// priced returns a level of the catalogue at a customer's price.
func (d *Directory) priced(customer session.TenantID, l session.Level) session.Level {
	if own, ok := d.Tenants[customer].Prices[l.Name]; ok {
		l.Price = own
	}
	return l
}

// level returns one of levels.
func (d *Directory) level(customer session.TenantID, name session.LevelName) (session.Level, bool) {
	for _, l := range d.Catalogue.Levels {
		if l.Name == name {
			return d.priced(customer, l), true
		}
	}
	return session.Level{}, false
}
