package karpenter

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// TestExecutorsShareANodeOnlyIfItsDiskHoldsThemAll: two fit on a node's disk, and no third is put
// there. Without their request they share a node whose disk they can fill.
func TestExecutorsShareANodeOnlyIfItsDiskHoldsThemAll(t *testing.T) {
	executor := stack.Teams[0].Shuffling
	t.Run("requested", func(t *testing.T) {
		most, overfilled := newCluster(t, usual).shareDisks(executor)
		if most != 2 {
			t.Errorf("up to %d executors share a node, wanted are 2", most)
		}
		if overfilled > 0 {
			t.Errorf("the disks of %d nodes do not hold what their executors may write", overfilled)
		}
	})
	t.Run("not requested", func(t *testing.T) {
		without := executor.DeepCopy()
		delete(without.Spec.Containers[0].Resources.Requests, corev1.ResourceEphemeralStorage)
		if _, overfilled := newCluster(t, usual).shareDisks(*without); overfilled == 0 {
			t.Error("each disk holds its executors without their request, so the request is not what does it")
		}
	})
}

// shareDisks runs six executors. It returns how many share a node at most, and how many nodes have
// a disk that is smaller than what their executors may write.
func (c *cluster) shareDisks(executor corev1.Pod) (most, overfilled int) {
	pods := c.create(executor, 6)
	claims := c.running(pods...)
	on := map[string]int{}
	for _, pod := range pods {
		on[pod.Spec.NodeName]++
	}
	for node, count := range on {
		written, disk := mayWrite(executor), claims[node].Status.Allocatable[corev1.ResourceEphemeralStorage]
		written.Mul(int64(count))
		c.t.Logf("%s: %d executors may write %s, its disk has %s", instanceTypeOf(claims[node]), count, &written, &disk)
		most = max(most, count)
		if written.Cmp(disk) > 0 {
			overfilled++
		}
	}
	return most, overfilled
}

// mayWrite is the sum of the limits of a pod's volumes on its node's disk.
func mayWrite(pod corev1.Pod) (sum resource.Quantity) {
	for _, volume := range pod.Spec.Volumes {
		if volume.EmptyDir != nil && volume.EmptyDir.SizeLimit != nil {
			sum.Add(*volume.EmptyDir.SizeLimit)
		}
	}
	return sum
}
