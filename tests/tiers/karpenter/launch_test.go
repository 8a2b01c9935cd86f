package karpenter

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning"
)

// Provisioning rounds before a launch is given up, and rungs before a climb is.
const maxRounds, maxRungs = 40, 12

// create creates pods of a team and marks them as kube-scheduler marks pods without a node.
func (c *cluster) create(pod corev1.Pod, count int) []*corev1.Pod {
	var created []*corev1.Pod
	for range count {
		p := pod.DeepCopy()
		p.ObjectMeta = metav1.ObjectMeta{Namespace: pod.Namespace, GenerateName: pod.Name + "-", Labels: pod.Labels, Annotations: pod.Annotations}
		c.must(kube.Client.Create(c.ctx, p))
		eventually(c.t, "the scheduler finds no node for "+p.Name, func() bool {
			c.refresh(p)
			return unschedulable(p)
		})
		created = append(created, p)
	}
	return created
}

func unschedulable(p *corev1.Pod) bool {
	for _, condition := range p.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Reason == corev1.PodReasonUnschedulable {
			return true
		}
	}
	return false
}

// climb launches, lets run dry what was launched, and repeats until the pods stay pending. The
// launched nodes are taken away each time, so that every rung is tried with the same pods.
func (c *cluster) climb() []rung {
	var got []rung
	for range maxRungs {
		launched, refused := c.launch()
		if len(launched) == 0 {
			c.t.Logf("rung %d: none, pods stay pending: %s", len(got)+1, c.pending)
			return got
		}
		seen := map[rung]bool{}
		for _, claim := range launched {
			r := rungOf(claim)
			c.remove(claim)
			if seen[r] {
				continue
			}
			seen[r] = true
			got = append(got, r)
			c.t.Logf("rung %d: %s, %s, after %d refused launches", len(got), r, claim.Labels[corev1.LabelInstanceTypeStable], refused)
		}
		for r := range seen {
			c.exhaust(r.Arch, r.Capacity)
		}
	}
	c.t.Fatalf("more than %d rungs: %v", maxRungs, got)
	return nil
}

func rungOf(claim *karpv1.NodeClaim) rung {
	return rung{claim.Labels[karpv1.NodePoolLabelKey], claim.Labels[corev1.LabelArchStable], claim.Labels[karpv1.CapacityTypeLabelKey]}
}

// launch runs provisioning rounds until EC2 grants something or no pool is left; refused counts
// the NodeClaims that were lost to insufficient capacity.
func (c *cluster) launch() (launched []*karpv1.NodeClaim, refused int) {
	for range maxRounds {
		wanted := c.provision()
		if len(wanted) == 0 {
			return nil, refused
		}
		for _, claim := range wanted {
			if _, err := c.lifecycle.Reconcile(c.ctx, claim); err != nil {
				c.t.Fatalf("launching NodeClaim of pool %s: %v", claim.Labels[karpv1.NodePoolLabelKey], err)
			}
			err := kube.Client.Get(c.ctx, client.ObjectKeyFromObject(claim), claim)
			if errors.IsNotFound(err) {
				refused++ // Karpenter deletes a NodeClaim that EC2 has no capacity for
				continue
			}
			c.must(err)
			if !claim.DeletionTimestamp.IsZero() {
				c.remove(claim)
				refused++
				continue
			}
			if !claim.StatusConditions().Get(karpv1.ConditionTypeLaunched).IsTrue() {
				c.t.Fatalf("NodeClaim of pool %s neither launched nor deleted", claim.Labels[karpv1.NodePoolLabelKey])
			}
			launched = append(launched, claim)
		}
		if len(launched) > 0 {
			return launched, refused
		}
	}
	c.t.Fatalf("no launch and no giving up after %d rounds", maxRounds)
	return nil, 0
}

// provision is one round of Karpenter's provisioner over the pending pods and the nodes there are.
func (c *cluster) provision() []*karpv1.NodeClaim {
	c.sync()
	results, err := c.prov.Schedule(c.ctx)
	c.must(err)
	c.pending = ""
	for _, reason := range results.PodErrors {
		c.pending = strings.Join(strings.Fields(reason.Error()), " ")
	}
	names, err := c.prov.CreateNodeClaims(c.ctx, results.NewNodeClaims, provisioning.WithReason("provisioned"))
	c.must(err)
	var claims []*karpv1.NodeClaim
	for _, name := range names {
		claim := &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}}
		c.refresh(claim)
		claims = append(claims, claim)
	}
	return claims
}

// sync tells Karpenter's picture of the cluster what the API server has, as its informers do.
func (c *cluster) sync() {
	c.state.Reset()
	claims, nodes, pods := &karpv1.NodeClaimList{}, &corev1.NodeList{}, &corev1.PodList{}
	for _, list := range []client.ObjectList{claims, nodes, pods} {
		c.must(kube.Client.List(c.ctx, list))
	}
	for i := range claims.Items {
		c.state.UpdateNodeClaim(&claims.Items[i])
	}
	for i := range nodes.Items {
		c.must(c.state.UpdateNode(c.ctx, &nodes.Items[i]))
	}
	for i := range pods.Items {
		// A DaemonSet's pod may outlive its node for a moment: the informer tries it again later.
		c.must(client.IgnoreNotFound(c.state.UpdatePod(c.ctx, &pods.Items[i])))
	}
}
