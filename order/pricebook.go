// SPDX-License-Identifier: Apache-2.0

package order

import "github.com/s2cd/s2cd/session"

// levels returns what is sold to a customer, weakest first, at its prices. All
// that is asked what a level costs goes through here.
func (d *Directory) levels(customer session.TenantID) []session.Level {
	book := d.Tenants[customer].Prices
	all := make([]session.Level, 0, len(d.Catalogue.Levels))
	for _, l := range d.Catalogue.Levels {
		if own, ok := book[l.Name]; ok {
			l.Price = own
		}
		all = append(all, l)
	}
	return all
}

// level returns one of levels.
func (d *Directory) level(customer session.TenantID, name session.LevelName) (session.Level, bool) {
	for _, l := range d.levels(customer) {
		if l.Name == name {
			return l, true
		}
	}
	return session.Level{}, false
}
