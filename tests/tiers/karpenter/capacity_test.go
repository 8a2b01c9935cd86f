package karpenter

import (
	"reflect"
	"testing"
	"time"
	"unsafe"

	gocache "github.com/patrickmn/go-cache"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	awscache "github.com/aws/karpenter-provider-aws/pkg/cache"
	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
)

// TestTheFirstRungIsTriedAgainAfterThreeMinutes: what EC2 refused is remembered, and forgotten.
func TestTheFirstRungIsTriedAgainAfterThreeMinutes(t *testing.T) {
	team := stack.Teams[0]
	first, second := team.Ladder[0], team.Ladder[1]
	c := newCluster(t, usual)
	c.create(team.Executor, 1)

	c.exhaust(first.Arch, first.Capacity)
	if got, refused := c.only(); got != second || refused == 0 {
		t.Fatalf("with %s out of stock: %s after %d refusals, promised is %s", first, got, refused, second)
	}
	c.restock()
	if got, refused := c.only(); got != second || refused != 0 {
		t.Errorf("right after: %s after %d refusals; what was refused should not be asked for yet", got, refused)
	}
	c.moveCapacityClock(awscache.UnavailableOfferingsTTL - 20*time.Second)
	if got, _ := c.only(); got != second {
		t.Errorf("before the three minutes are over: %s, promised is %s", got, second)
	}
	c.moveCapacityClock(20 * time.Second)
	if got, _ := c.only(); got != first {
		t.Errorf("after three minutes: %s, promised is %s", got, first)
	}
}

// TestALimitStopsTheRungAndNotThePlatform: a full rung hands over to the next; when all are full,
// only that pool's pods wait.
func TestALimitStopsTheRungAndNotThePlatform(t *testing.T) {
	team := stack.Teams[0]
	c := newCluster(t, usual)
	for _, r := range team.Ladder {
		c.limit(r.NodePool, smallestCPU(c, r.NodePool))
	}
	alone := apart(team.Executor)
	for _, want := range team.Ladder {
		c.create(alone, 1)
		if got, _ := c.kept(); got != want {
			t.Fatalf("got %s, promised is %s", got, want)
		}
	}
	c.create(alone, 1)
	if launched, _ := c.launch(); len(launched) > 0 {
		t.Errorf("over all limits: %s", rungOf(launched[0]))
	}
	t.Logf("pending: %s", c.pending)

	c.create(team.Driver, 1)
	if got, _ := c.kept(); got.NodePool != team.Drivers {
		t.Errorf("drivers got %s while a pool was full", got)
	}
	for _, other := range stack.Teams {
		if other.Pool != team.Pool {
			c.create(other.Executor, 1)
			if got, _ := c.kept(); got != other.Ladder[0] {
				t.Errorf("pool %s got %s while %s was full", other.Pool, got, team.Pool)
			}
		}
	}
}

// only launches one node, tells its rung and how often EC2 refused before, and takes it away.
func (c *cluster) only() (rung, int) {
	c.t.Helper()
	claim, refused := c.launchOne()
	c.remove(claim)
	return rungOf(claim), refused
}

// kept launches one node and keeps it.
func (c *cluster) kept() (rung, int) {
	c.t.Helper()
	claim, refused := c.launchOne()
	return rungOf(claim), refused
}

func (c *cluster) launchOne() (*karpv1.NodeClaim, int) {
	c.t.Helper()
	launched, refused := c.launch()
	if len(launched) != 1 {
		c.t.Fatalf("%d launches, wanted is one; pending: %s", len(launched), c.pending)
	}
	return launched[0], refused
}

// limit bounds a NodePool's CPU until the test ends.
func (c *cluster) limit(name string, cpu resource.Quantity) {
	pool := &karpv1.NodePool{}
	c.must(kube.Client.Get(c.ctx, client.ObjectKey{Name: name}, pool))
	stored := pool.DeepCopy()
	pool.Spec.Limits["cpu"] = cpu
	c.must(kube.Client.Patch(c.ctx, pool, client.MergeFrom(stored)))
	c.t.Cleanup(func() {
		before := pool.DeepCopy()
		pool.Spec.Limits = stored.Spec.Limits
		c.must(kube.Client.Patch(c.ctx, pool, client.MergeFrom(before)))
	})
}

// moveCapacityClock ages what Karpenter remembers of refused capacity. That memory reads the
// machine's clock, so its entries are moved instead.
func (c *cluster) moveCapacityClock(by time.Duration) {
	field := reflect.ValueOf(c.aws.UnavailableOfferingsCache).Elem().FieldByName("offeringCache")
	memory := *(**gocache.Cache)(unsafe.Pointer(field.UnsafeAddr()))
	for key, item := range memory.Items() {
		left := time.Until(time.Unix(0, item.Expiration)) - by
		memory.Set(key, item.Object, max(left, time.Nanosecond))
	}
	time.Sleep(time.Millisecond)
	memory.DeleteExpired()
}
